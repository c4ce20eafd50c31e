//! msm
#![allow(missing_docs)]
mod buckets; mod columns; mod digits; mod kernel; mod portable; mod slot; mod slots; mod weights;
#[cfg(target_arch = "x86_64")]
mod ifma;
use halo2curves::bn256::*; use rayon::prelude::*; use kernel::Kernel; use slot::*; use digits::Recoding;
use crate::cpu::ifma::Ifma;
#[derive(Debug)]
pub struct Bases { slots: slots::Slots, n: usize, rec: Recoding, ifma: Option<Ifma>, wp: std::sync::Mutex<Vec<buckets::Workspace<portable::Portable>>>, wi: std::sync::Mutex<Vec<buckets::Workspace<ifma::IfmaKernel>>> }
impl Bases {
  pub fn new(ifma: Option<Ifma>, points:&[G1Affine], c: u32, sets: u32)->Self{
    let n=points.len(); let rec=Recoding::new(c,sets,n as u32);
    let slots = match ifma { None=>Self::tables(portable::Portable,points,rec), Some(i)=>Self::tables(ifma::IfmaKernel(i),points,rec)};
    Self{slots,n,rec,ifma,wp:Default::default(),wi:Default::default()}
  }
  fn tables<K:Kernel>(k:K,points:&[G1Affine],rec:Recoding)->slots::Slots{
    let n=points.len(); let mut slots=slots::Slots::new(n*rec.copies() as usize);
    k.encode(points,&mut slots[..n]);
    for j in 1..rec.copies() as usize { let (a,b)=slots.split_at_mut(j*n); let src=&a[(j-1)*n..]; let dst=&mut b[..n];
      dst.par_chunks_mut(1024).zip(src.par_chunks(1024)).for_each(|(d,s)|{ d.copy_from_slice(s); k.double(d,rec.sets*rec.window_bits); }); }
    slots
  }
  pub fn msm(&self, s:&[Fr])->G1{ match self.ifma { None=>self.run(portable::Portable,&self.wp,s), Some(i)=>self.run(ifma::IfmaKernel(i),&self.wi,s)} }
  fn run<K:Kernel>(&self,k:K,w:&std::sync::Mutex<Vec<buckets::Workspace<K>>>,s:&[Fr])->G1{
    let rec=&self.rec; let t0=std::time::Instant::now();
    let ch=4096;
    let mut ws=w.lock().unwrap().pop().unwrap_or_default();
    buckets::sum_buckets(k,&mut ws,&self.slots,(rec.sets*rec.half()) as usize,s.len().div_ceil(ch),|i,t|{ k.recode(&s[i*ch..((i+1)*ch).min(s.len())],rec,(i*ch) as u32,t)});
    let t1=t0.elapsed();
    let half=rec.half(); let c=rec.window_bits;
    for b in &mut ws.sums.buckets{ *b=(*b/half)<<c | (*b%half+1); }
    let r=weights::Sets{bits:c,shifts:(0..rec.sets).map(|t|t*c).collect()}.total(k,&mut ws); w.lock().unwrap().push(ws);
    if std::env::var("T").is_ok(){eprintln!("buckets {:?} rest {:?}",t1,t0.elapsed()-t1);}
    r
  }
}
pub fn lab(points:&[G1Affine], copies: usize, groups: usize, rows: usize, seed: u64){
  let i=Ifma::detect().unwrap(); let k=ifma::IfmaKernel(i); let n=points.len();
  let mut slots=slots::Slots::new(n*copies); for j in 0..copies{ k.encode(points,&mut slots[j*n..(j+1)*n]); if j>0 {k.double(&mut slots[j*n..(j+1)*n],j as u32);} }
  let mut x=seed; let mut terms=vec![]; for b in 0..groups*8 { for _ in 0..rows { x=x.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407); let idx=((x>>33) as usize)%(n*copies); terms.push(term(b as u32,(idx as u32)<<1|((x>>20)&1) as u32)); } }
  let mut cols=columns::Columns::default(); cols.count(groups*8,std::iter::once(&terms[..])); cols.place(0,groups*8,1000,std::iter::once(&terms[..])); cols.finish();
  let mut sc=Default::default(); let mut out=vec![]; let mut v=vec![];
  for _ in 0..41 { out.clear(); unsafe{ifma::TIMES=[0.0;4];} let f=freq(); let t=std::time::Instant::now(); k.sum_columns(&slots,&cols,&mut sc,&mut out); let e=t.elapsed().as_secs_f64(); let f=f.max(freq()); let t=unsafe{ifma::TIMES}; v.push([e*f/(groups*8*(rows-1)) as f64,t[0]*f/t[3],t[1]*f/t[3],t[2]*f/t[3]]); }
  let q=|i:usize|{let mut w:Vec<f64>=v.iter().map(|x|x[i]).collect(); w.sort_by(|a,b|a.total_cmp(b)); w[10]};
  println!("copies {copies} groups {groups} rows {rows}: {:.1} cycles/add; per group fwd {:.0} inv {:.0} bwd {:.0}", q(0),q(1),q(2),q(3));
}
pub fn freq()->f64{ let t=std::time::Instant::now(); let mut x=1u64; unsafe{ std::arch::asm!("mov ecx, 30000","2:","imul {0},{0}","imul {0},{0}","dec ecx","jnz 2b",inout(reg) x,out("rcx") _); } std::hint::black_box(x); 180000.0/t.elapsed().as_secs_f64() }
pub fn lab_mul(){ let i=Ifma::detect().unwrap(); unsafe{ifma::lab_mul(i)} }
